host "a" {
	backend "ifcfg" {}
}
