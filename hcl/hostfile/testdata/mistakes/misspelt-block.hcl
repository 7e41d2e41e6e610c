host "a" {
  brigde "br0" {}
  backend "ifcfg" {}
}
