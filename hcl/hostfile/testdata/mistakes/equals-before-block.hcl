host "a" {
  bridge = {
    ports = []
  }
}
