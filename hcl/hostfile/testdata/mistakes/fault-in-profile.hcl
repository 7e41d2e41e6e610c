profile "p" {
  bridge "br0" {
    addresses = ["10.0.0.2/24"]
    gateway   = "10.9.9.9"
    mtu       = "big"
  }
  backend "ifcfg" {}
}
host "a" {
  use "p" {}
}
