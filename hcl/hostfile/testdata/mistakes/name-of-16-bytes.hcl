host "a" {
  bridge "abcdefghijklmnop" {}
  backend "ifcfg" {}
}
