variable "gateway" { type = string }
