# A text with the marks of a template is written so that it stays a text.
host "a" {
  ethernet "eth0" { description = "100%% $${sure} %%{if} \"quoted\" \\ back" }
  backend "ifcfg" {}
}
