host "a" {
  bridge "br0" { adresses = [] }
  backend "ifcfg" {}
}
