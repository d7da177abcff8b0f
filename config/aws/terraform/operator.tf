# The operator's role, handed to its pods by EKS Pod Identity. In each partition the provider knows the ARNs' beginning.

data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  region   = data.aws_region.current.region
  clusters = "arn:${data.aws_partition.current.partition}:rds:${local.region}:${data.aws_caller_identity.current.account_id}:cluster:*"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]
    principals {
      type        = "Service"
      identifiers = ["pods.eks.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "rewind" {
  statement {
    sid       = "Observe"
    actions   = ["rds:DescribeDBClusters", "rds:DescribeDBClusterBacktracks"]
    resources = [local.clusters]
  }
  statement {
    sid       = "RewindWhatIsTagged"
    actions   = ["rds:BacktrackDBCluster"]
    resources = [local.clusters]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/aurora-backtrack"
      values   = ["allowed"]
    }
  }
}

resource "aws_iam_role" "operator" {
  name               = "aurora-backtrack-operator"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "rewind" {
  name   = "rewind"
  role   = aws_iam_role.operator.id
  policy = data.aws_iam_policy_document.rewind.json
}

resource "aws_eks_pod_identity_association" "operator" {
  cluster_name    = var.eks_cluster
  namespace       = "aurora-backtrack-system"
  service_account = "aurora-backtrack-manager"
  role_arn        = aws_iam_role.operator.arn
}

output "auroracluster" {
  description = "The AuroraCluster to apply: terraform output -raw auroracluster | kubectl apply -f -"
  value       = <<-YAML
    apiVersion: aurora-backtrack.io/v1alpha1
    kind: AuroraCluster
    metadata:
      name: ${aws_rds_cluster.this.cluster_identifier}
    spec:
      dbClusterIdentifier: ${aws_rds_cluster.this.cluster_identifier}
      region: ${local.region}
      allowedNamespaces:
        names: [game]
  YAML
}
