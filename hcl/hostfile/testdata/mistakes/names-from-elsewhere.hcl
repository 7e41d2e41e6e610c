host "a" {
  bond "bond0" {
    slaves = ["eth0", "eth1"]
    mode   = "active-backup"
    miimon = 100
  }
  vlan "bond0.2" {
    vlan_id = 2
    link    = "bond0"
  }
  bridge "br0" {
    ports    = ["bond0.2"]
    ipaddr   = "10.0.0.2"
    netmask  = "255.255.255.0"
    gateway4 = "10.0.0.1"
    routes   = []
  }
  backend "ifcfg" {}
}
