variable "gateway" { default = "10.0.0.1" }
host "a" {
  ethernet "eth0" {
    addresses = ["10.0.0.2/24"]
    gateway   = var.gatway
  }
  backend "ifcfg" {}
}
