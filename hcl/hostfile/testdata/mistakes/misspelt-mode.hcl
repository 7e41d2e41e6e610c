host "a" {
  bond "bond0" {
    ports  = ["eth0"]
    mode   = "actve-backup"
    miimon = 100
  }
  backend "ifcfg" {}
}
