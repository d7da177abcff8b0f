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

// tagged is a resource that a call names by its ARN.
type tagged struct {
	arn  string
	tags *[]Tag
}

// tagsOf are the tags of the resource that a call names.
func (s *Server) tagsOf(c *call) (*[]Tag, error) {
	name, err := c.required("ResourceName")
	if err != nil {
		return nil, err
	}
	parts := strings.Split(name, ":")
	if len(parts) != 7 || parts[0] != "arn" || parts[2] != "rds" {
		return nil, fail(codeInvalidParameter, "Invalid resource name: %s. Give the ARN of a resource.", name)
	}
	resources, missing := s.taggedOf(c, parts[5])
	if missing == "" {
		return nil, fail(codeInvalidParameter, "Tags of %s are not modelled by the local Aurora.", parts[5])
	}
	for _, r := range resources {
		if r.arn == name {
			return r.tags, nil
		}
	}
	return nil, fail(missing, "%s not found.", name)
}

// taggedOf are all resources of a kind that the caller can see, and the fault
// that says that one is missing; no fault for a kind that is not modelled.
func (s *Server) taggedOf(c *call, kind string) (found []tagged, missing string) {
	switch kind {
	case "cluster":
		for _, cluster := range s.clustersOf(c) {
			found = append(found, tagged{cluster.ARN(), &cluster.Tags})
		}
		return found, faultClusterNotFound
	case "db":
		for _, instance := range s.instancesOf(c) {
			found = append(found, tagged{instance.ARN(), &instance.Tags})
		}
		return found, faultInstanceNotFound
	case "cluster-snapshot":
		for _, snapshot := range s.state.Snapshots {
			found = append(found, tagged{snapshot.ARN(), &snapshot.Tags})
		}
		return found, faultSnapshotNotFound
	case "subgrp":
		for _, group := range s.state.SubnetGroups {
			found = append(found, tagged{group.ARN(), &group.Tags})
		}
		return found, faultSubnetGroupNotFound
	case "cluster-pg":
		for _, group := range s.state.ParameterGroups {
			found = append(found, tagged{group.ARN(), &group.Tags})
		}
		return found, faultParameterGroupNotFound
	}
	return nil, ""
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
