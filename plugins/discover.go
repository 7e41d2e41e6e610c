package plugins

// Prefix is what the name of a plugin's executable begins with; the backend's
// name follows.
const Prefix = "linkspan-backend-"
