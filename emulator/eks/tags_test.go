package eks

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"
)

func TestTags(t *testing.T) {
	t.Parallel()
	e := start(t)
	cluster := e.create(t, "dev", types.AuthenticationModeApi)
	role := e.entry(t, "dev", "dev")
	described, err := e.trurl().DescribeAccessEntry(t.Context(), &awseks.DescribeAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &role})
	if err != nil {
		t.Fatal(err)
	}
	for _, arn := range []string{cluster, *described.AccessEntry.AccessEntryArn} {
		if _, err := e.trurl().TagResource(t.Context(), &awseks.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"a": "1", "b": "2"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := e.trurl().TagResource(t.Context(), &awseks.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"b": "3", "c": ""}}); err != nil {
			t.Fatal(err)
		}
		if _, err := e.trurl().UntagResource(t.Context(), &awseks.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"a", "none"}}); err != nil {
			t.Fatal(err)
		}
		out, err := e.trurl().ListTagsForResource(t.Context(), &awseks.ListTagsForResourceInput{ResourceArn: &arn})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"b": "3", "c": ""}, out.Tags); diff != "" {
			t.Errorf("tags of %s (-want +got):\n%s", arn, diff)
		}
	}
	if got, _ := e.clusters.ClusterByARN(cluster); got.Tags["b"] != "3" {
		t.Errorf("tags %v of the cluster", got.Tags)
	}
	described, err = e.trurl().DescribeAccessEntry(t.Context(), &awseks.DescribeAccessEntryInput{ClusterName: aws.String("dev"), PrincipalArn: &role})
	if err != nil || described.AccessEntry.Tags["b"] != "3" {
		t.Errorf("tags %+v of the entry, %v", described, err)
	}
}

func TestTagRefusals(t *testing.T) {
	t.Parallel()
	e := start(t)
	cluster := e.create(t, "dev", types.AuthenticationModeApi)
	many := map[string]string{}
	for n := range 51 {
		many[fmt.Sprint("key", n)] = ""
	}
	one := map[string]string{"a": "1"}
	missing := func(arn string) string { return "404 NotFoundException: No resource found for ARN: " + arn }
	for _, test := range []struct {
		what, arn string
		tags      map[string]string
		want      string
	}{
		{"no ARN", "dev", one, "400 BadRequestException: The resourceArn parameter format is not valid"},
		{"another service", "arn:aws:iam::111122223333:role/cluster", one, "400 BadRequestException: The resourceArn parameter format is not valid"},
		{"no such cluster", cluster + "2", one, missing(cluster + "2")},
		{"no such entry", "arn:aws:eks:us-west-2:111122223333:access-entry/dev/role/111122223333/a/b", one, missing("arn:aws:eks:us-west-2:111122223333:access-entry/dev/role/111122223333/a/b")},
		{"node group", "arn:aws:eks:us-west-2:111122223333:nodegroup/dev/a/b", one, missing("arn:aws:eks:us-west-2:111122223333:nodegroup/dev/a/b")},
		{"another region", strings.Replace(cluster, "us-west-2", "eu-west-1", 1), one, missing(strings.Replace(cluster, "us-west-2", "eu-west-1", 1))},
		{"reserved prefix", cluster, map[string]string{"AWS:x": "1"}, "400 BadRequestException: The tag key AWS:x is invalid: the prefix aws: is reserved for AWS use."},
		{"long key", cluster, map[string]string{strings.Repeat("k", 129): ""}, "400 BadRequestException: A tag key must have between 1 and 128 characters."},
		{"long value", cluster, map[string]string{"k": strings.Repeat("v", 257)}, "400 BadRequestException: The value of the tag k should not be greater than 256 characters."},
		{"too many", cluster, many, "400 BadRequestException: A resource can have at most 50 tags."},
	} {
		_, err := e.trurl().TagResource(t.Context(), &awseks.TagResourceInput{ResourceArn: &test.arn, Tags: test.tags})
		wantRefusal(t, test.what, err, test.want)
	}
	delete(many, "key0")
	if _, err := e.trurl().TagResource(t.Context(), &awseks.TagResourceInput{ResourceArn: &cluster, Tags: many}); err != nil {
		t.Errorf("50 tags: %v", err)
	}
	_, err := e.trurl().TagResource(t.Context(), &awseks.TagResourceInput{ResourceArn: &cluster, Tags: one})
	wantRefusal(t, "one more", err, "400 BadRequestException: A resource can have at most 50 tags.")
	_, err = e.trurl().UntagResource(t.Context(), &awseks.UntagResourceInput{ResourceArn: &cluster, TagKeys: []string{"aws:x"}})
	wantRefusal(t, "untag", err, "400 BadRequestException: The tag key aws:x is invalid: the prefix aws: is reserved for AWS use.")
	_, err = e.trurl().ListTagsForResource(t.Context(), &awseks.ListTagsForResourceInput{ResourceArn: aws.String(cluster + "2")})
	wantRefusal(t, "list", err, missing(cluster+"2"))
}
