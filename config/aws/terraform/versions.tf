terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source = "hashicorp/aws"
      # From 6 on aws_region has the attribute region; before it was called name.
      version = ">= 6.0"
    }
  }
}
