package eks

// ClusterByARN returns the cluster of an ARN, and whether there is one.
func (r *Registry) ClusterByARN(arn string) (Cluster, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	rec, err := r.find(arn)
	if err != nil {
		return Cluster{}, false
	}
	return rec.cluster.clone(), true
}
