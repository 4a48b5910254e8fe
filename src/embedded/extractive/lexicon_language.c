/* The words of languages: which carry no subject, which oblige, praise, blame, deny, count and
 * abbreviate. */
#include "embedded/extractive/lexicon.h"

static const char stop_english[] =
	"a about above after again against all also am an and any are as at be because been before "
	"being below between both but by can could did do does doing down during each either else "
	"etc even every few for from further had has have having he her here hers herself him "
	"himself his how however i if in into is it its itself just may me might more most much "
	"must "
	"my myself neither no nor not now of off on once one only onto or other our ours out over "
	"own per please same shall she should since so some such than that the their theirs them "
	"then there thereby therefore therein thereof thereto these they this those through thus "
	"to "
	"too under until unless up upon us very was we were what when where whereas whether which "
	"while who whom whose why will with within without would yes yet you your yours herein "
	"hereof hereto hereby hereunder march dear contact call ask see";

static const char stop_german[] =
	"der die das den dem des ein eine einen einem einer eines und oder aber als am an auf aus "
	"bei bis da damit dass denn dies diese diesem diesen dieser dieses durch er es für gegen "
	"hat haben hatte ich ihr ihre ihren im in ist ja jede jeder jedes kann kein keine man mit "
	"nach nicht noch nur ob ohne sein seine sich sie sind so sowie um unter vom von vor war "
	"waren was wenn werden wer wie wir wird wurde wurden zu zum zur über";

static const char stop_french[] =
	"le la les un une des du de d'un d'une et ou mais au aux avec ce ces cet cette ceci dans "
	"dont elle elles en est être il ils je leur leurs lui ma mais me mes mon ne nos notre nous "
	"on par pas plus pour qu'il que qui sa sans se ses son sont sous sur ta te tout tous toute "
	"très tu vos votre vous y à été étaient était a ont";

static const char stop_romance[] =
	/* Spanish, Portuguese, Italian */
	"el los las una unos unas y o pero con del al en es son fue ser por para que se su sus lo "
	"como más este esta estos estas entre sin sobre también hasta desde no ha han muy ya "
	"os uma uns umas e ou mas com do da dos das no na nos nas ao aos à é são foi um não mais "
	"seu sua pelo pela que "
	"il gli i le un uno di dal dalla nel nella con su per tra fra è sono che chi non più si ha "
	"hanno questo questa della dello degli delle del ed anche";

static const char stop_dutch_nordic[] =
	"het een van met voor naar niet zijn wordt worden deze dat dit ook aan bij uit door om te "
	"is op en of de als maar dan hun hij zij wij "
	"och att det som en på är av för den med till inte om ett har jag men så kan vid "
	"og at er til ikke af på som med";

static const char negations[] =
	"no not never none nothing neither nor without hardly barely cannot can't don't doesn't "
	"didn't isn't aren't wasn't weren't won't wouldn't shouldn't couldn't haven't hasn't "
	"hadn't "
	"lack lacks lacked kein keine keinen keiner nicht nie ohne pas jamais sans ni nunca sin "
	"não nem non mai senza niet geen inte ikke";

static const char positives[] =
	"good great excellent outstanding superb wonderful fantastic amazing perfect best better "
	"happy glad pleased delighted thrilled grateful thankful thank thanks appreciate "
	"appreciated "
	"love loved loves enjoy enjoyed enjoyable pleasant friendly helpful courteous welcoming "
	"clean comfortable impressive impressed satisfied satisfying success successful "
	"successfully "
	"succeed succeeded improve improved improves improvement improvements exceed exceeded "
	"exceeds exceeding strong stronger strongest gain gained gains growth grew thriving praise "
	"praised recommend recommended efficient reliable favorable favourable positive "
	"profitable win won celebrate celebrated congratulations beautiful brilliant "
	"encouraging promising smooth smoothly "
	"gut gute guter gutes ausgezeichnet hervorragend zufrieden freundlich erfreulich dankbar "
	"danke erfolgreich wunderbar "
	"bon bonne excellent excellente heureux heureuse ravi ravie merci agréable satisfait "
	"satisfaite formidable réussi "
	"bueno buena excelente feliz contento contenta gracias agradable satisfecho satisfecha "
	"maravilloso éxito amable "
	"ótimo ótima obrigado obrigada ottimo ottima grazie felice eccellente";

static const char negatives[] =
	"bad worse worst poor poorly terrible horrible awful dreadful disappointing disappointed "
	"disappointment unhappy unsatisfied dissatisfied dissatisfaction unacceptable angry upset "
	"frustrated frustrating frustration annoyed annoying complain complained complains "
	"complaint "
	"complaints dirty filthy rude unfriendly unhelpful slow broken failed "
	"problem problems wrong mistake mistakes delayed delays decline "
	"declined declining worsened worsening weak weaker weakness deteriorated unsafe dangerous "
	"hurt regret regrettable unfortunately sadly hate hated "
	"lost deficit shortfall overcrowded unreliable lousy useless "
	"wasted inadequate alarming worried worrying crisis "
	"schlecht schlechte schlechter enttäuscht enttäuschend leider mangelhaft unzufrieden "
	"unfreundlich fehler beschwerde ärgerlich furchtbar "
	"mauvais mauvaise déçu déçue décevant malheureusement inacceptable horrible mécontent "
	"mécontente plainte "
	"malo mala pésimo pésima terrible decepcionado decepcionada lamentablemente inaceptable "
	"queja sucio "
	"ruim péssimo péssima infelizmente pessimo pessima purtroppo deludente";

static const char obligations[] =
	"shall must agrees agree undertakes undertake obligated obliged obligation obligations "
	"is_required are_required be_required prohibited forbidden covenants warrants liable "
	"payable "
	"is_due are_due due_on due_within due_by deadline penalty terminate terminates may_not "
	"no_later_than responsible_for has_to have_to entitled_to "
	"muss müssen verpflichtet verpflichten fällig kündigen gekündigt zahlbar haftet "
	"doit doivent devra devront s'engage s'engagent obligatoire exigible tenu_de "
	"debe deben deberá deberán obligado obligada obligados obligatorio pagadero "
	"deve devem deverá deverão obrigado_a devono dovrà dovranno obbligato moet moeten "
	"verplicht "
	"skall måste";

static const char months[] =
	"january february march april may june july august september october november december "
	"jan feb mar apr jun jul aug sep sept oct nov dec "
	"januar jänner februar märz mai juni juli oktober dezember okt dez "
	"janvier février mars avril juin juillet août septembre octobre novembre décembre "
	"enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre "
	"janeiro fevereiro março maio junho julho setembro outubro novembro dezembro "
	"gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre "
	"januari februari maart mei augustus";

static const char abbreviations[] =
	"mr mrs ms dr prof st mt ft no nos vs viz approx dept est fig figs sec secs ch vol pp ed "
	"eds "
	"rev hon gen col sgt capt lt gov sen rep art arts para paras cf al eg ie nr tel abs bzw ca "
	"evtl ggf inkl usw zzgl str hr fr sr sra srta av apdo núm mme mlle jan feb mar apr jun jul "
	"aug sep sept oct okt nov dec dez min max incl excl ext attn ref acct amt qty";

static const char abbreviations_last[] =
	"inc ltd co corp llc bros jr sr etc am pm esq plc ave blvd rd ln";

static const char percent_words[] =
	"percent pct percentage_points per_cent prozent pour_cent por_ciento por_cento per_cento "
	"procent";

static const char currency_codes[] =
	"usd eur gbp jpy chf cad aud nzd cny rmb inr krw brl mxn sek nok dkk pln czk huf ron bgn "
	"ils zar rub uah aed sar sgd hkd twd thb idr myr php vnd clp ars egp ngn kes";

static const char currency_words[] =
	"dollar dollars cent cents euro euros pound pounds yen yuan rupee rupees franc francs peso "
	"pesos krona kronor kroner zł kč kr usd eur";

static const char scales[] =
	"hundred thousand million millions billion billions trillion mn bn mio mrd "
	"tausend millionen milliarde milliarden mille milliard milliards mil millón millones "
	"milhão milhões mila milione milioni k m b";

const struct q__word_list q__language_lists[] = {
	{Q__STOP, stop_english},
	{Q__STOP, stop_german},
	{Q__STOP, stop_french},
	{Q__STOP, stop_romance},
	{Q__STOP, stop_dutch_nordic},
	{Q__NEGATION, negations},
	{Q__POSITIVE, positives},
	{Q__NEGATIVE, negatives},
	{Q__OBLIGATION, obligations},
	{Q__MONTH, months},
	{Q__ABBREVIATION, abbreviations},
	{Q__ABBREVIATION_LAST, abbreviations_last},
	{Q__PERCENT_WORD, percent_words},
	{Q__CURRENCY_CODE, currency_codes},
	{Q__CURRENCY_WORD, currency_words},
	{Q__SCALE, scales},
	{0, NULL},
};
