host {
}
