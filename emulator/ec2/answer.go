package ec2

import (
	"github.com/eksemu/eksemu/sts-fake/awsquery"
)

// namespace is that of API version 2016-11-15, the one that all current clients speak.
const (
	apiVersion = "2016-11-15"
	namespace  = "http://ec2.amazonaws.com/doc/" + apiVersion + "/"
)

// reservationSet and the types below are the part of DescribeInstances' answer that the emulator has values
// for, in the order of the API reference's example. AWS has some fifty more members, all optional.
type reservationSet struct {
	Items []reservation `xml:"item"`
}

type reservation struct {
	ReservationID string      `xml:"reservationId"`
	OwnerID       string      `xml:"ownerId"`
	GroupSet      struct{}    `xml:"groupSet"`
	InstancesSet  instanceSet `xml:"instancesSet"`
}

type instanceSet struct {
	Items []instanceItem `xml:"item"`
}

type instanceItem struct {
	InstanceID       string        `xml:"instanceId"`
	InstanceState    instanceState `xml:"instanceState"`
	PrivateDNSName   string        `xml:"privateDnsName"`
	DNSName          string        `xml:"dnsName"` // the public name: none
	PrivateIPAddress string        `xml:"privateIpAddress"`
}

type instanceState struct {
	Code int    `xml:"code"`
	Name string `xml:"name"`
}

// running is code and name of the state of every instance (API reference, InstanceState).
func running() instanceState { return instanceState{Code: 16, Name: "running"} }

// encodePage encodes an answer: one reservation per instance, as if each had been launched alone.
func encodePage(p page, requestID string) (awsquery.Response, error) {
	var set reservationSet
	for _, i := range p.instances {
		set.Items = append(set.Items, reservation{
			ReservationID: i.reservationID(),
			OwnerID:       i.AccountID,
			InstancesSet: instanceSet{Items: []instanceItem{{
				InstanceID:       i.InstanceID,
				InstanceState:    running(),
				PrivateDNSName:   i.PrivateDNSName,
				PrivateIPAddress: i.PrivateIP,
			}}},
		})
	}
	members := []awsquery.Member{{Name: "reservationSet", Value: set}}
	if p.nextToken != "" {
		members = append(members, awsquery.Member{Name: "nextToken", Value: p.nextToken})
	}
	return awsquery.EC2Success(namespace, "DescribeInstances", requestID, members...)
}
