// Package pki is the emulator's own certificate authority: the root that clients trust through AWS_CA_BUNDLE
// and a kubeconfig, the leaves that stand for AWS host names and for the servers of a cluster, and the client
// certificates of Kubernetes components.
//
// It is a test CA. Its key lies unencrypted in the emulator's state folder, there is no revocation and there
// are no intermediates; nobody should trust it outside of the environments that the emulator prints.
//
// What Kubernetes reads from a client certificate is its subject: the common name is the user name, every
// organization a group (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates).
// "system:masters" as the organization therefore makes a break-glass administrator whom neither
// aws-iam-authenticator nor RBAC can stop.
//
// All keys that it makes are ECDSA P-256, but for that of service accounts, and all private keys are PKCS #8 in PEM
// ("PRIVATE KEY"), a form that OpenSSL, Go and kube-apiserver read alike. Certificates satisfy OpenSSL's strict mode, which Python 3.13 (boto3) switches on.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// How long certificates are valid, counted from the clock of the CA.
const (
	// CAValidity is the life of a root: longer than any local environment.
	CAValidity = 10 * 365 * 24 * time.Hour
	// LeafValidity is the life of a leaf. Leaves are made anew at every start of the emulator.
	LeafValidity = 365 * 24 * time.Hour
	// Backdate lets clients accept a certificate although their clock runs behind the emulator's, as the
	// clock of a laptop's virtual machine does after the laptop slept.
	Backdate = 24 * time.Hour
)

// serviceAccountKeyBits is a usual size; that of EKS is not in its documentation.
const serviceAccountKeyBits = 2048

// The PEM block types that the package writes.
const (
	certificateBlock = "CERTIFICATE"
	privateKeyBlock  = "PRIVATE KEY" // PKCS #8
	publicKeyBlock   = "PUBLIC KEY"  // PKIX
)

// newKey makes an ECDSA P-256 key and its PKCS #8 PEM form.
func newKey() (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("generate an ECDSA P-256 key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("encode an ECDSA P-256 key: %w", err)
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: privateKeyBlock, Bytes: der}), nil
}

// newSerial makes a random serial number of 127 bits: positive and at most 20 octets (RFC 5280 §4.1.2.2).
func newSerial() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("generate a serial number: %w", err)
	}
	return serial.Add(serial, big.NewInt(1)), nil
}

// ServiceAccountKey makes the key pair for service account tokens: private for kube-apiserver's
// --service-account-signing-key-file and kube-controller-manager's --service-account-private-key-file, public
// for kube-apiserver's --service-account-key-file. It is an RSA key, so that tokens are signed with RS256, as EKS's are
// (https://docs.aws.amazon.com/eks/latest/userguide/irsa-fetch-keys.html): whoever verifies theirs may know nothing else.
func ServiceAccountKey() (privatePEM, publicPEM []byte, err error) {
	key, err := rsa.GenerateKey(rand.Reader, serviceAccountKeyBits)
	if err != nil {
		return nil, nil, fmt.Errorf("make a service account key: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("make a service account key: encode it: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, nil, fmt.Errorf("make a service account key: encode the public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: privateKeyBlock, Bytes: private}), pem.EncodeToMemory(&pem.Block{Type: publicKeyBlock, Bytes: public}), nil
}

// parsePrivateKey reads the one private key of a PEM file: one of this package's, or one of kubeadm's, which are of the
// older forms (PKCS #1, SEC 1).
func parsePrivateKey(keyPEM []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(keyPEM)
	if block == nil {
		return nil, errors.New("no PRIVATE KEY block found")
	}
	var key any
	var err error
	switch block.Type {
	case privateKeyBlock:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA " + privateKeyBlock:
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC " + privateKeyBlock:
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, errors.New("no PRIVATE KEY block found")
	}
	if err != nil {
		return nil, fmt.Errorf("decode the %s block: %w", block.Type, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a %T cannot sign", key)
	}
	return signer, nil
}
