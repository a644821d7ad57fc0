"""The person's word: what they are asked before a call or a plan, who answers, and what holds from then on."""
