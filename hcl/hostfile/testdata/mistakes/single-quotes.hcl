host 'a' {
}
