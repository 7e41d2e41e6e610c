host "a" {
  ethernet "eth0" {
    route { via = "10.0.0.1" }
  }
  backend "ifcfg" {}
}
