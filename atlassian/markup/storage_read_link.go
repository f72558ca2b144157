package markup

import "strings"

// resourceLink reads ac:link: a page, a person, an attachment or an anchor by its ri: element.
func (r *storageReader) resourceLink(e *element) {
	anchor := e.attr("ac:anchor")
	text := storageLinkBody(e)
	to, label := link{href: "#" + escapePath(anchor)}, anchor
	for _, c := range e.children {
		switch c.name {
		case "ri:page", "ri:blog-post", "ri:content-entity":
			ref := pageRef{space: c.attr("ri:space-key"), title: c.attr("ri:content-title"), anchor: anchor}
			if ref.title == "" {
				ref.title = c.attr("ri:content-id")
			}
			to, label = link{href: ref.dest()}, ref.title
		case "ri:attachment":
			to, label = link{href: attachmentDest(c.attr("ri:filename"))}, c.attr("ri:filename")
		case "ri:space":
			label = c.attr("ri:space-key")
			to = link{href: pageRef{space: label}.dest()}
		case "ri:url":
			label = c.attr("ri:value")
			to = link{href: label}
		case "ri:user":
			r.user(c, text)
			return
		}
	}
	if len(tidy(text)) == 0 && label != "" {
		text = []inline{{text: label}}
	}
	for _, in := range text {
		in.marks |= r.marks
		if to.href != "#" {
			in.link = to
		}
		r.add(in)
	}
}

// storageLinkBody is a link's own text, as plain text or with formats.
func storageLinkBody(e *element) []inline {
	if body := e.child("ac:plain-text-link-body"); body != nil {
		return linesOf(body, 0)
	}
	for _, name := range []string{"ac:link-body", "ac:rich-text-link-body"} {
		if body := e.child(name); body != nil {
			return storageInlines(body)
		}
	}
	return nil
}

// user reads a person: by account id on Cloud, by key or name on Data Center.
func (r *storageReader) user(e *element, text []inline) {
	name := strings.TrimPrefix(plainText(text), "@")
	for _, id := range []struct{ attr, scheme string }{
		{"ri:account-id", schemeMention}, {"ri:username", schemeUser}, {"ri:userkey", schemeUserKey},
	} {
		if v := e.attr(id.attr); v != "" {
			if name == "" {
				name = v
			}
			r.add(inline{kind: objectInline, text: "@" + name, target: id.scheme + ":" + escapeID(v), marks: r.marks})
			return
		}
	}
	r.add(text...)
}

// image reads ac:image: an attachment, of this page or another, or an address on the web.
func (r *storageReader) image(e *element) {
	in := inline{kind: imageInline, text: e.attr("ac:alt"), title: oneSpace(e.attr("ac:title")), marks: r.marks, link: r.link}
	if a := e.child("ri:attachment"); a != nil {
		in.target = attachmentDest(a.attr("ri:filename"))
		if in.text == "" {
			in.text = a.attr("ri:filename")
		}
	} else if u := e.child("ri:url"); u != nil {
		in.target = u.attr("ri:value")
	}
	r.add(in)
	if c := e.child("ac:caption"); c != nil {
		r.add(inline{kind: breakInline})
		for _, i := range storageInlines(c) {
			i.marks |= em
			r.add(i)
		}
	}
}
