package aurora

import (
	"encoding/base32"
	"encoding/json"
	"strings"
)

type secretShape struct{ SecretArn, SecretStatus, KmsKeyId string }

// managedSecret is where RDS would keep the password of a master user that it
// manages. There is no Secrets Manager here: the secret can be read below
// /_local/.
func managedSecret(c *Cluster) *secretShape {
	prefix := "arn:" + partition(c.Region)
	place := c.Region + ":" + c.AccountID
	id := strings.ToLower(c.ResourceID)
	return &secretShape{
		SecretArn:    prefix + ":secretsmanager:" + place + ":secret:rds!" + id + "-local1",
		SecretStatus: "active",
		KmsKeyId:     prefix + ":kms:" + place + ":alias/aws/secretsmanager",
	}
}

// managedPassword is the password of a master user that RDS manages. It
// follows from the state's seed, so that no password is stored.
func (s *Server) managedPassword(resourceID string) string {
	sum := sign(s.state.Seed, "password/"+resourceID)
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum)[:28]
}

// secret is the value of a cluster's secret, in the form that RDS gives it.
func (s *Server) secret(identifier string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.own(identifier)
	if err != nil {
		return nil, err
	}
	if !c.ManagedPassword {
		return nil, fail(codeInvalidParameter, "the password of cluster %s is not managed: whoever created it knows it", identifier)
	}
	value, err := json.Marshal(map[string]string{"username": c.MasterUsername, "password": s.managedPassword(c.ResourceID)})
	if err != nil {
		return nil, err
	}
	return struct{ ARN, SecretString string }{managedSecret(c).SecretArn, string(value)}, nil
}
