host "a" {
  backend "ifcfg" {}
