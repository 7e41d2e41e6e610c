package reader

// Dir is where the network scripts keep their files.
const Dir = "/etc/sysconfig/network-scripts"

// NetworkFile holds what concerns the whole host.
const NetworkFile = "/etc/sysconfig/network"

// ModprobeFile tells the module of a device that is not there yet.
const ModprobeFile = "/etc/modprobe.conf"

// Backend is the backend's name.
const Backend = "ifcfg"

// FilePath is where the file of a device is, if it has the usual name.
func FilePath(device string) string { return Dir + "/ifcfg-" + device }
