host "a" {
  bridge "b" { for_each = { x = 1 } }
  backend "ifcfg" {}
}
