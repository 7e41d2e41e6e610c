profile "dom0" {
  input "number" { type = number }
}
host "a" {
  use "dmo0" {}
  use "dom0" { nubmer = 1 }
  backend "ifcfg" {}
}
