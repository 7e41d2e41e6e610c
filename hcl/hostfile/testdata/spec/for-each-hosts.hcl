# One host for each element; tags and vars are known as host.tags, host.vars.
host "dom0" {
  for_each = { one = 1, two = 2 }
  name     = "dom0-${each.key}"
  tags     = ["xen", each.key]
  vars     = { rack = "r${each.value}", slots = [1, 2.5, true, null] }

  ethernet "eth0" {
    addresses   = [cidrhost_prefix("10.0.0.0/24", each.value)]
    description = "${host.name} in ${host.vars.rack}"
  }

  backend "ifcfg" {}
}
