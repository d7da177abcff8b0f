package aurora

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// The codes with which AWS turns a caller away.
const (
	codeInvalidClientToken    = "InvalidClientTokenId"
	codeSignatureDoesNotMatch = "SignatureDoesNotMatch"
	codeMissingAuthentication = "MissingAuthenticationToken"
	codeIncompleteSignature   = "IncompleteSignature"
	codeExpiredToken          = "ExpiredToken"
	codeValidation            = "ValidationError"
	codeMalformed             = "MalformedQueryString"
)

// caller is who makes a call, and where it goes.
type caller struct {
	accessKeyID string
	account     string
	region      string
	arn         string
	userID      string
	// sessionARN is set for an assumed role only.
	sessionARN string
}

// session is what a session token says. The token is signed by the server, so
// that sessions outlive a restart and no secret is stored.
type session struct {
	Role    string    `json:"r"`
	Name    string    `json:"n"`
	KeyID   string    `json:"k"`
	Expires time.Time `json:"e"`
}

// authenticate recognises the caller. It returns what is known of it with an
// error too, for the log.
func (s *Server) authenticate(r *http.Request, body []byte, service string, now time.Time) (caller, error) {
	who := caller{account: s.opts.AccountID, region: s.opts.Region}
	header := r.Header.Get("Authorization")
	if header == "" {
		if len(s.opts.AccessKeys) == 0 {
			return s.user(who), nil
		}
		return who, fail(codeMissingAuthentication, "Request is missing Authentication Token")
	}
	auth, err := parseAuthorization(header)
	if err != nil {
		return who, err
	}
	who.accessKeyID = auth.accessKeyID
	if auth.region != "" {
		who.region = auth.region
	}
	if token := r.Header.Get("X-Amz-Security-Token"); token != "" && strings.HasPrefix(auth.accessKeyID, temporaryKey) {
		return s.resume(who, token, auth, signedRequest{r, body, service}, now)
	}
	if len(s.opts.AccessKeys) == 0 {
		return s.user(who), nil
	}
	secret, ok := s.opts.AccessKeys[auth.accessKeyID]
	if !ok {
		return who, fail(codeInvalidClientToken, "The security token included in the request is invalid.")
	}
	return s.user(who), s.checkSignature(auth, signedRequest{r, body, service}, secret)
}

// signedRequest is what a signature is checked against.
type signedRequest struct {
	*http.Request
	body    []byte
	service string
}

// checkSignature fails for a signature that is not good now for the service,
// or not made with the secret.
func (s *Server) checkSignature(a signed, r signedRequest, secret string) error {
	date := r.Header.Get("X-Amz-Date")
	if err := a.checkScope(r.service, date); err != nil {
		return err
	}
	if s.opts.SignatureNow != nil {
		if err := checkAge(date, s.opts.SignatureNow()); err != nil {
			return err
		}
	}
	return a.check(r.Request, r.body, secret)
}

func (s *Server) user(who caller) caller {
	who.arn = "arn:" + partition(who.region) + ":iam::" + who.account + ":user/local"
	who.userID = "AIDALOCALAURORAUSER00"
	return who
}

// resume recognises a caller by the token of an assumed role session.
func (s *Server) resume(who caller, token string, auth signed, request signedRequest, now time.Time) (caller, error) {
	session, err := s.openToken(token)
	if err != nil || session.KeyID != auth.accessKeyID {
		return who, fail(codeInvalidClientToken, "The security token included in the request is invalid.")
	}
	who.account, who.arn = session.identity()
	who.sessionARN, who.userID = who.arn, roleID(session.Role)+":"+session.Name
	if !now.Before(session.Expires) {
		return who, fail(codeExpiredToken, "The security token included in the request is expired")
	}
	return who, s.checkSignature(auth, request, s.sessionSecret(session.KeyID))
}

const temporaryKey = "ASIA"

// sessionSecret is the secret access key of a session.
func (s *Server) sessionSecret(keyID string) string {
	return base64.RawStdEncoding.EncodeToString(sign(s.state.Seed, "secret/"+keyID))[:40]
}

func (s *Server) sealToken(session session) (string, error) {
	data, err := json.Marshal(session)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(data)
	return text + "." + hex.EncodeToString(sign(s.state.Seed, "token/"+text)), nil
}

func (s *Server) openToken(token string) (session, error) {
	var opened session
	text, seal, _ := strings.Cut(token, ".")
	if seal != hex.EncodeToString(sign(s.state.Seed, "token/"+text)) {
		return opened, fail(codeInvalidClientToken, "unknown token")
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return opened, err
	}
	return opened, json.Unmarshal(data, &opened)
}

var (
	roleForm        = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::(\d{12}):role/([\w+=,.@/-]+)$`)
	sessionNameForm = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
)

// identity is the account of a session's role and the session's ARN, in which
// a role's path is left out.
func (s session) identity() (account, arn string) {
	m := roleForm.FindStringSubmatch(s.Role)
	if m == nil {
		return "", ""
	}
	name := m[3][strings.LastIndex(m[3], "/")+1:]
	return m[2], "arn:" + m[1] + ":sts::" + m[2] + ":assumed-role/" + name + "/" + s.Name
}

// roleID stands for AWS's unique id of a role.
func roleID(role string) string {
	return "AROA" + strings.ToUpper(hex.EncodeToString(sign(nil, role))[:17])
}

type assumedRole struct {
	AssumedRoleUser struct{ Arn, AssumedRoleId string }
	Credentials     struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }
}

func (s *Server) assumeRole(c *call) (any, error) {
	role, err := c.required("RoleArn")
	if err != nil {
		return nil, err
	}
	name := c.Get("RoleSessionName")
	seconds, err := c.integer("DurationSeconds", 3600)
	if err != nil {
		return nil, err
	}
	switch {
	case !roleForm.MatchString(role):
		return nil, fail(codeValidation, "%s is invalid: RoleArn must be the ARN of a role.", role)
	case !sessionNameForm.MatchString(name):
		return nil, fail(codeValidation, "RoleSessionName must have 2 to 64 letters, digits or characters of +=,.@-_.")
	case seconds < 900 || seconds > 43200:
		return nil, fail(codeValidation, "DurationSeconds must be 900 to 43200.")
	}
	externalID, known := s.opts.Roles[role]
	if len(s.opts.Roles) > 0 && (!known || externalID != "" && c.Get("ExternalId") != externalID) {
		return nil, fail(codeAccessDenied, "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", c.caller.arn, role)
	}
	granted := session{Role: role, Name: name,
		KeyID:   s.state.resourceID(temporaryKey)[:20],
		Expires: c.now.Add(time.Duration(seconds) * time.Second)}
	s.dirty = true
	token, err := s.sealToken(granted)
	if err != nil {
		return nil, err
	}
	var result assumedRole
	_, result.AssumedRoleUser.Arn = granted.identity()
	result.AssumedRoleUser.AssumedRoleId = roleID(role) + ":" + name
	result.Credentials.AccessKeyId = granted.KeyID
	result.Credentials.SecretAccessKey = s.sessionSecret(granted.KeyID)
	result.Credentials.SessionToken = token
	result.Credentials.Expiration = timestamp(granted.Expires)
	return result, nil
}

func (s *Server) getCallerIdentity(c *call) (any, error) {
	return struct{ Arn, UserId, Account string }{c.caller.arn, c.caller.userID, c.caller.account}, nil
}
