# What people have Terraform make on EKS: a cluster, an access entry and an access policy. OpenTofu takes it, too.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "us-west-2"
}

resource "aws_iam_role" "cluster" {
  name = "planned-cluster-role"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "eks.amazonaws.com" } }]
  })
}

resource "aws_iam_role" "viewer" {
  name = "planned-viewer"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "arn:aws:iam::111122223333:user/trurl" } }]
  })
}

resource "aws_eks_cluster" "this" {
  name     = "planned"
  role_arn = aws_iam_role.cluster.arn
  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = true
  }
  vpc_config {
    subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  }
  tags = { team = var.team }
}

resource "aws_eks_access_entry" "viewer" {
  cluster_name      = aws_eks_cluster.this.name
  principal_arn     = aws_iam_role.viewer.arn
  kubernetes_groups = var.groups
}

resource "aws_eks_access_policy_association" "viewer" {
  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.viewer.principal_arn
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
  access_scope {
    type       = "namespace"
    namespaces = var.namespaces
  }
}

variable "team" {
  default = "a"
}

variable "groups" {
  type    = set(string)
  default = ["planned-viewers"]
}

variable "namespaces" {
  type    = set(string)
  default = ["default"]
}
