variable "name" {
  description = "Identifier of the Aurora cluster."
  type        = string
  default     = "testcluster"
}

variable "backtrack_window" {
  description = "How far back the cluster can be rewound, in seconds: 1 to 259200 (72 hours). It can be turned on only when a cluster is created, and turning it off is for good."
  type        = number
  default     = 86400

  validation {
    condition     = var.backtrack_window >= 1 && var.backtrack_window <= 259200
    error_message = "The backtrack window is 1 to 259200 seconds."
  }
}

variable "subnet_ids" {
  description = "Subnets of the cluster, in at least two availability zones."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups of the cluster."
  type        = list(string)
}

variable "instance_class" {
  description = "Class of the one instance."
  type        = string
  default     = "db.r6g.large"
}

variable "eks_cluster" {
  description = "Name of the EKS cluster in which the operator runs."
  type        = string
}

variable "safety_copies" {
  description = "Whether the operator may make safety copies: clones and snapshots whose names begin with aurora-backtrack-."
  type        = bool
  default     = false
}
