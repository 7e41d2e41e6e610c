host "a {
  bridge "br0" {}
}
