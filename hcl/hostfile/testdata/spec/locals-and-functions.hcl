# Locals stand in any order; null is the same as not given.
locals {
  second = local.subnets[1]
  subnets = cidrsubnets("10.0.0.0/16", 8, 8)
  fallback = try(local.subnets[9], "none")
}

host "a" {
  ethernet "eth0" {
    addresses   = [cidrhost_prefix(local.second, 3)]
    description = "${local.fallback} ${cidrnetmask(local.second)} ${cidrhost("fd00::/64", 7)}"
    mtu         = local.fallback == "none" ? null : 1
  }

  backend "ifcfg" {}
}
