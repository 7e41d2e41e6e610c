host "a" {
  backend "ifcfg" { relaese = "rhel6" }
}
