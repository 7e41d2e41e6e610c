host "a" {
  backend "ifcfg" {}
}
host "a" {
  backend "ifcfg" {}
}
