# A port that no block declares is a network card of that name.
host "a" {
  bond "bond0" {
    ports  = ["eth0", "eth1"]
    mode   = 1
    miimon = 100
  }

  backend "ifcfg" {}
}
