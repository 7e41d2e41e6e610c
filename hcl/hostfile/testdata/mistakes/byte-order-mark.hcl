host "a" {
  backend "ifcfg" {}
}
