locals { a = cidrhots("10.0.0.0/24", 1) }
