# Two profiles may say the same; where they differ, the host decides.
profile "p" {
  bridge "br0" {
    mtu = 1500
    stp = true
  }
}

profile "q" {
  bridge "br0" {
    mtu = 9000
    stp = true
  }

  backend "ifcfg" {}
}

host "a" {
  use "p" {}
  use "q" {}
  bridge "br0" { mtu = 1400 }
}
