host “a” {
  backend "ifcfg" {}
}
