# Every block and most attributes of a host.
host "a.example" {
  tags = ["all"]

  ethernet "eth0" {
    wake_on_lan = true
    offload     = { gro = false }
    mtu         = 9000

    match {
      mac  = "52:54:00:12:34:56"
      path = "pci-0000:03:00.0"
    }
  }

  bond "bond0" {
    ports          = ["eth1", "eth0"]
    mode           = "active-backup"
    primary        = "eth0"
    arp_interval   = 500
    arp_ip_targets = ["10.0.0.1", "10.0.0.2"]
    arp_validate   = "all"
    use_carrier    = true
    options        = { peer_notif_delay = "10" }
  }

  vlan "bond0.2" {
    parent         = "bond0"
    id             = 2
    protocol       = "802.1ad"
    reorder_header = false
  }

  bridge "br0" {
    forward_delay = 2.5
    ageing_time   = 300
    mac           = "52:54:00:AA:BB:CC"
    addresses     = ["10.0.0.5/24", "fd00::5/64"]
    gateway       = "10.0.0.1"
    gateway6      = "fd00::1"

    port "bond0.2" {
      cost     = 100
      priority = 32
      hairpin  = true
    }

    route {
      to     = "10.8.0.0/16"
      via    = "10.0.0.254"
      source = "10.0.0.5"
      table  = 7
      onlink = true
    }

    dns {
      servers = ["10.0.0.53"]
      search  = ["example"]
    }

    backend_options "ifcfg" {
      NM_CONTROLLED = "no"
      PEERNTP       = true
    }
  }

  backend "ifcfg" { release = "rhel6" }

  hook "drain" {
    on         = ["pre_restart"]
    script     = "hooks/drain.go"
    timeout    = "30s"
    on_failure = "abort"
    config     = { pool = "a", weights = [1, 2] }
    env        = { LANG = "C" }
  }

  check "gateway" {
    ping    = "10.0.0.1"
    timeout = "20s"
  }

  apply {
    confirm = "2m"
    prune   = true
  }
}
