host "a" {
  ethernet "eth0" {
    addresses = ["10.0.0.2/24"]
    gateway   = "10.0.0.1/24"
  }
  backend "ifcfg" {}
}
