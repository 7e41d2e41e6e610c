profile "p" {
  bridge "br0" { adresses = [] }
}
