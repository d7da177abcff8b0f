# What safety copies need in addition. Nothing here deletes: a copy is removed by a person.

locals {
  rds = "arn:${data.aws_partition.current.partition}:rds:${local.region}:${data.aws_caller_identity.current.account_id}"
}

data "aws_iam_policy_document" "safety_copy" {
  statement {
    sid       = "ObserveCopies"
    actions   = ["rds:DescribeDBClusterSnapshots"]
    resources = [local.clusters, "${local.rds}:cluster-snapshot:aurora-backtrack-*"]
  }
  statement {
    sid       = "CopyWhatIsTagged"
    actions   = ["rds:RestoreDBClusterToPointInTime", "rds:CreateDBClusterSnapshot"]
    resources = [local.clusters]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/aurora-backtrack"
      values   = ["allowed"]
    }
  }
  statement {
    sid     = "IntoCopiesOfOurName"
    actions = ["rds:RestoreDBClusterToPointInTime", "rds:CreateDBClusterSnapshot", "rds:CreateDBInstance", "rds:AddTagsToResource"]
    resources = [
      "${local.rds}:cluster:aurora-backtrack-*",
      "${local.rds}:cluster-snapshot:aurora-backtrack-*",
      "${local.rds}:db:aurora-backtrack-*",
    ]
  }
  statement {
    sid       = "WithTheGroupsOfTheSource"
    actions   = ["rds:RestoreDBClusterToPointInTime", "rds:CreateDBInstance"]
    resources = ["${local.rds}:subgrp:*", "${local.rds}:cluster-pg:*", "${local.rds}:pg:*", "${local.rds}:og:*"]
  }
}

resource "aws_iam_role_policy" "safety_copy" {
  count  = var.safety_copies ? 1 : 0
  name   = "safety-copy"
  role   = aws_iam_role.operator.id
  policy = data.aws_iam_policy_document.safety_copy.json
}
