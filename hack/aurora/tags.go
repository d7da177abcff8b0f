package aurora

import (
	"slices"
	"strings"
)

// maxTags is how many tags a resource may have.
const maxTags = 50

func tooManyTags() error {
	return fail(codeInvalidParameter, "A resource can have at most %d tags.", maxTags)
}

func checkTag(key, value string) error {
	switch {
	case key == "" || len([]rune(key)) > 128 || strings.HasPrefix(strings.ToLower(key), "aws:"):
		return fail(codeInvalidParameter, "Invalid tag key %q: use 1 to 128 characters, not beginning with aws:.", key)
	case len([]rune(value)) > 256:
		return fail(codeInvalidParameter, "The value of tag %q is longer than 256 characters.", key)
	}
	return nil
}

// setTag adds a tag or changes its value.
func setTag(tags []Tag, tag Tag) []Tag {
	tags = removeTag(tags, tag.Key)
	return append(tags, tag)
}

func removeTag(tags []Tag, key string) []Tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t Tag) bool { return t.Key == key })
}

// tagsOf are the tags of the cluster or instance that a call names.
func (s *Server) tagsOf(c *call) (*[]Tag, error) {
	name, err := c.required("ResourceName")
	if err != nil {
		return nil, err
	}
	parts := strings.Split(name, ":")
	if len(parts) != 7 || parts[0] != "arn" || parts[2] != "rds" {
		return nil, fail(codeInvalidParameter, "Invalid resource name: %s. Give the ARN of a cluster or an instance.", name)
	}
	switch kind, identifier := parts[5], parts[6]; kind {
	case "cluster":
		for _, cluster := range s.clustersOf(c) {
			if cluster.ARN() == name {
				return &cluster.Tags, nil
			}
		}
		return nil, fail(faultClusterNotFound, "DBCluster %s not found.", identifier)
	case "db":
		for _, instance := range s.instancesOf(c) {
			if instance.ARN() == name {
				return &instance.Tags, nil
			}
		}
		return nil, fail(faultInstanceNotFound, "DBInstance %s not found.", identifier)
	default:
		return nil, fail(codeInvalidParameter, "Tags of %s are not modelled: give the ARN of a cluster or an instance.", kind)
	}
}

func (s *Server) addTagsToResource(c *call) (any, error) {
	tags, err := s.tagsOf(c)
	if err != nil {
		return nil, err
	}
	added, err := c.tags()
	if err != nil {
		return nil, err
	}
	all := *tags
	for _, tag := range added {
		all = setTag(all, tag)
	}
	if len(all) > maxTags {
		return nil, tooManyTags()
	}
	*tags, s.dirty = all, true
	return nil, nil
}

func (s *Server) removeTagsFromResource(c *call) (any, error) {
	tags, err := s.tagsOf(c)
	if err != nil {
		return nil, err
	}
	keys, err := c.list("TagKeys", "member")
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		*tags = removeTag(*tags, key)
	}
	s.dirty = true
	return nil, nil
}

func (s *Server) listTagsForResource(c *call) (any, error) {
	tags, err := s.tagsOf(c)
	if err != nil {
		return nil, err
	}
	return struct {
		TagList []Tag `xml:"TagList>Tag"`
	}{*tags}, nil
}
