locals { a = var.nothing }
host "a" {
  bridge "br0" {
    ports = ["eth0"]
    prots = []
    stp   = "maybe"
    mtu   = local.a
  }
  vlan "v" { id = 5000 }
  fish {}
  backend "ifcfg" {}
}
hots "b" {}
