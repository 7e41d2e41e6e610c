host "a" {
  backend "ifgcf" {}
}
