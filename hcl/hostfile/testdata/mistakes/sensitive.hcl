variable "secret" {
  sensitive = true
  default   = "hunter22"
}
locals { derived = upper(var.secret) }
host "a" {
  ethernet "eth0" {
    gateway = local.derived
    mtu     = var.secret
    mac     = cidrhost(var.secret, 1)
    state   = var.secret
  }
  backend "ifcfg" {}
}
