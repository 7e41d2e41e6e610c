host "a" {
  backend "ifcfg" {}
}
