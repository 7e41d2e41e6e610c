profile "p" {
  bridge "br0" { mtu = 1500 }
}
profile "q" {
  bridge "br0" { mtu = 9000 }
}
host "a" {
  use "p" {}
  use "q" {}
  backend "ifcfg" {}
}
