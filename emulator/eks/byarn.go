package eks

// ClusterByARN returns the cluster of an ARN, and whether there is one.
func (r *Registry) ClusterByARN(arn string) (Cluster, bool) {
	found, err := r.find(arn)
	if err != nil {
		return Cluster{}, false
	}
	return found.Cluster.clone(), true
}
