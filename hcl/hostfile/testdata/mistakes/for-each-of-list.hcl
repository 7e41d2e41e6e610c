host "a" {
  bridge "b" {
    for_each = ["br0"]
    name     = each.key
    ports    = ["eth0"]
  }
  bond "x" { ports = ["br0.7"] }
  backend "ifcfg" {}
}
